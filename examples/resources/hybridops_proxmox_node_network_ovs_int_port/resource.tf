resource "hybridops_proxmox_node_network_ovs_bridge" "example" {
  node  = "pve1"
  iface = "vmbr9"
}

resource "hybridops_proxmox_node_network_ovs_int_port" "example" {
  node       = "pve1"
  iface      = "mgmt0"
  ovs_bridge = hybridops_proxmox_node_network_ovs_bridge.example.iface
  autostart  = true
  cidr       = "10.10.0.2/24"
  ovs_tag    = 5
}
