list "hybridops_proxmox_node_network_vlan" "all" {
  provider = hybridops
  config {
    node = "pve1"
  }
}
