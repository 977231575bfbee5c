import {
  to = hybridops_proxmox_ha_rule_node_affinity.example
  id = "near-storage"
}
