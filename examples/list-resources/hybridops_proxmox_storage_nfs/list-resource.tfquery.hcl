list "hybridops_proxmox_storage_nfs" "all" {
  provider = hybridops
}
