list "hybridops_proxmox_group" "all" {
  provider = hybridops
}
