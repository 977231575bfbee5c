resource "hybridops_proxmox_sdn_zone_qinq" "example" {
  zone          = "qinqz"
  bridge        = "vmbr0"
  tag           = 20
  ipam          = "pve"
  mtu           = 1400
  vlan_protocol = "802.1ad"
}
