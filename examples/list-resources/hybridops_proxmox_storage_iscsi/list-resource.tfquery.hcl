list "hybridops_proxmox_storage_iscsi" "all" {
  provider = hybridops
}
