data "hybridops_proxmox_ha_rule_resource_affinities" "all" {
}
