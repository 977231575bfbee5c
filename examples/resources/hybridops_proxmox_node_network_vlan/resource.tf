resource "hybridops_proxmox_node_network_vlan" "example" {
  node            = "pve1"
  iface           = "vlan50"
  autostart       = true
  cidr            = "10.10.0.2/24"
  comments        = "Storage network"
  vlan_id         = 50
  vlan_raw_device = "vmbr0"
}
