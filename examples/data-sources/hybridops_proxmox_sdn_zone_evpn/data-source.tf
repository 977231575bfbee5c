data "hybridops_proxmox_sdn_zone_evpn" "example" {
  id = "evpnz"
}
