data "hybridops_proxmox_sdn_controller_evpn" "example" {
  id = "evpn1"
}
