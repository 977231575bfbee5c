list "hybridops_proxmox_user_token" "all" {
  provider = hybridops
  config {
    userid = "alice@pve"
  }
}
