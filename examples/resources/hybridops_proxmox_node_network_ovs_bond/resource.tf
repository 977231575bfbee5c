resource "hybridops_proxmox_node_network_ovs_bridge" "example" {
  node  = "pve1"
  iface = "vmbr9"
}

resource "hybridops_proxmox_node_network_ovs_bond" "example" {
  node       = "pve1"
  iface      = "bond1"
  ovs_bonds  = ["eno7", "eno8"]
  ovs_bridge = hybridops_proxmox_node_network_ovs_bridge.example.iface
  bond_mode  = "balance-slb"
  ovs_tag    = 5
}
