data "hybridops_proxmox_node_network_ovs_ports" "all" {
  node = "pve1"
}
