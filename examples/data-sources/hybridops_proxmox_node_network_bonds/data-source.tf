data "hybridops_proxmox_node_network_bonds" "all" {
  node = "pve1"
}
