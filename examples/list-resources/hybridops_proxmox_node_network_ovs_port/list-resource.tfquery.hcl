list "hybridops_proxmox_node_network_ovs_port" "all" {
  provider = hybridops
  config {
    node = "pve1"
  }
}
