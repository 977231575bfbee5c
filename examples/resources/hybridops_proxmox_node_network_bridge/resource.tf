resource "hybridops_proxmox_node_network_bridge" "example" {
  node              = "pve1"
  iface             = "vmbr5"
  autostart         = true
  bridge_ports      = ["eno3"]
  bridge_vids       = ["2-4094"]
  bridge_vlan_aware = true
  cidr              = "10.10.0.2/24"
  comments          = "Storage network"
}
