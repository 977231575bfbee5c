list "hybridops_proxmox_user" "all" {
  provider = hybridops
}
