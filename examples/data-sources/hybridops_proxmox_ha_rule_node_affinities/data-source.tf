data "hybridops_proxmox_ha_rule_node_affinities" "all" {
}
