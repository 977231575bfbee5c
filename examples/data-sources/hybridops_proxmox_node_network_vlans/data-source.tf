data "hybridops_proxmox_node_network_vlans" "all" {
  node = "pve1"
}
