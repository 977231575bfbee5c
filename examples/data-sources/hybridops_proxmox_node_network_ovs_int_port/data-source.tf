data "hybridops_proxmox_node_network_ovs_int_port" "example" {
  id = "pve1/mgmt0"
}
