resource "hybridops_proxmox_ha_resource" "example" {
  sid          = "vm:100"
  max_relocate = 2
  max_restart  = 2
  state        = "stopped"
  comment      = "Managed by Terraform"
}
