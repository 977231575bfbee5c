data "hybridops_proxmox_node_network_ovs_bonds" "all" {
  node = "pve1"
}
