import {
  to = hybridops_proxmox_sdn_fabric_node_ospf.example
  id = "spine/pve1"
}
