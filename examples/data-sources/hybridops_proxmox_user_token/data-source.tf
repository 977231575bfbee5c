data "hybridops_proxmox_user_token" "example" {
  id = "alice@pve/terraform"
}
