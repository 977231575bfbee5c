resource "hybridops_proxmox_node_network_bond" "example" {
  node                  = "pve1"
  iface                 = "bond0"
  slaves                = ["eno1", "eno2"]
  autostart             = true
  bond_mode             = "802.3ad"
  bond_xmit_hash_policy = "layer2+3"
  mtu                   = 1400
}
