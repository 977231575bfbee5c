data "hybridops_proxmox_sdn_controller_bgp" "example" {
  id = "bgppve1"
}
