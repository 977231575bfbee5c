list "hybridops_proxmox_ha_rule_resource_affinity" "all" {
  provider = hybridops
}
