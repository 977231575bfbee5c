resource "hybridops_proxmox_group" "example" {
  groupid = "ops"
}

resource "hybridops_proxmox_user" "example" {
  userid           = "alice@pve"
  email            = "alice@example.com"
  firstname        = "Alice"
  groups           = [hybridops_proxmox_group.example.groupid]
  lastname         = "Example"
  password         = "first-password"
  password_version = 1
  comment          = "Managed by Terraform"
}
