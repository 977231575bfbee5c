list "hybridops_proxmox_storage_zfspool" "all" {
  provider = hybridops
}
