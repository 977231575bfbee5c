data "hybridops_proxmox_node_network_bridge" "example" {
  id = "pve1/vmbr5"
}
