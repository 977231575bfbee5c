data "hybridops_proxmox_user_tokens" "all" {
  userid = "alice@pve"
}
