list "hybridops_proxmox_storage_cephfs" "all" {
  provider = hybridops
}
