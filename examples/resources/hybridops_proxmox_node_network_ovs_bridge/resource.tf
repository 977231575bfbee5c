resource "hybridops_proxmox_node_network_ovs_bridge" "example" {
  node      = "pve1"
  iface     = "vmbr9"
  autostart = true
}
