data "hybridops_proxmox_node_network_bridges" "all" {
  node = "pve1"
}
