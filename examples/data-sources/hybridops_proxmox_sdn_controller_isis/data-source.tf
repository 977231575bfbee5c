data "hybridops_proxmox_sdn_controller_isis" "example" {
  id = "isispve1"
}
