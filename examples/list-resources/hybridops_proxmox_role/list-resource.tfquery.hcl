list "hybridops_proxmox_role" "all" {
  provider = hybridops
}
