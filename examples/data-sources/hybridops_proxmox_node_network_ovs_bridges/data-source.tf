data "hybridops_proxmox_node_network_ovs_bridges" "all" {
  node = "pve1"
}
