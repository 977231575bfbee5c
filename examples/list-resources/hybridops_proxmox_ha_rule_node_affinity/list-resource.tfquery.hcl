list "hybridops_proxmox_ha_rule_node_affinity" "all" {
  provider = hybridops
}
