import {
  to = hybridops_proxmox_node_network_bond.example
  id = "pve1/bond0"
}
