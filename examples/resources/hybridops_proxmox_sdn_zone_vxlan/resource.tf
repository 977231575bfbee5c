resource "hybridops_proxmox_sdn_zone_vxlan" "example" {
  zone  = "vxlanz"
  peers = ["10.0.0.1", "10.0.0.2"]
  ipam  = "pve"
  mtu   = 1400
}
