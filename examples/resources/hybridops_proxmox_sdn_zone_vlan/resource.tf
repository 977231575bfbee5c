resource "hybridops_proxmox_sdn_zone_vlan" "example" {
  zone   = "vlanz"
  bridge = "vmbr0"
  ipam   = "pve"
  mtu    = 1400
  nodes  = ["pve1"]
}
