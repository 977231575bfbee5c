import {
  to = hybridops_proxmox_node_network_ovs_bond.example
  id = "pve1/bond1"
}
