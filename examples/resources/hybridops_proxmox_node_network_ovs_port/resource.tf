resource "hybridops_proxmox_node_network_ovs_bridge" "example" {
  node  = "pve1"
  iface = "vmbr9"
}

resource "hybridops_proxmox_node_network_ovs_port" "example" {
  node       = "pve1"
  iface      = "eno6"
  ovs_bridge = hybridops_proxmox_node_network_ovs_bridge.example.iface
  autostart  = true
  ovs_tag    = 5
}
