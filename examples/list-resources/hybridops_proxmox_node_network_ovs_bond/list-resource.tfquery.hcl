list "hybridops_proxmox_node_network_ovs_bond" "all" {
  provider = hybridops
  config {
    node = "pve1"
  }
}
