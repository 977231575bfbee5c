list "hybridops_proxmox_storage_lvm" "all" {
  provider = hybridops
}
