resource "hybridops_proxmox_user" "example" {
  userid = "alice@pve"
}

resource "hybridops_proxmox_user_token" "example" {
  userid  = hybridops_proxmox_user.example.userid
  tokenid = "terraform"
  expire  = 1893456000
  privsep = false
  comment = "Managed by Terraform"
}
