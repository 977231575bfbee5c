list "hybridops_proxmox_node_network_bond" "all" {
  provider = hybridops
  config {
    node = "pve1"
  }
}
