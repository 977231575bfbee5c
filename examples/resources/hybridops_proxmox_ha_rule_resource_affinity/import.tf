import {
  to = hybridops_proxmox_ha_rule_resource_affinity.example
  id = "apart"
}
