list "hybridops_proxmox_node_network_ovs_bridge" "all" {
  provider = hybridops
  config {
    node = "pve1"
  }
}
