list "hybridops_proxmox_storage_btrfs" "all" {
  provider = hybridops
}
