list "hybridops_proxmox_pool" "all" {
  provider = hybridops
}
