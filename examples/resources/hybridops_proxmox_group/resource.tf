resource "hybridops_proxmox_group" "example" {
  groupid = "ops"
  comment = "Managed by Terraform"
}
