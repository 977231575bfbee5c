import {
  to = hybridops_proxmox_node_network_ovs_bridge.example
  id = "pve1/vmbr9"
}
