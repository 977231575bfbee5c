import {
  to = hybridops_proxmox_node_network_vlan.example
  id = "pve1/vlan50"
}
