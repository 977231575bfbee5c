resource "hybridops_proxmox_pool" "example" {
  poolid  = "web"
  comment = "Managed by Terraform"
}
