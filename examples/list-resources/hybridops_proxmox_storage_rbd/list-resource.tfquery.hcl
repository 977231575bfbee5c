list "hybridops_proxmox_storage_rbd" "all" {
  provider = hybridops
}
