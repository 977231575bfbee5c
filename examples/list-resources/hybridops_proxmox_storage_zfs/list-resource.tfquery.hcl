list "hybridops_proxmox_storage_zfs" "all" {
  provider = hybridops
}
