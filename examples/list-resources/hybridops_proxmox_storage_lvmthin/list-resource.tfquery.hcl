list "hybridops_proxmox_storage_lvmthin" "all" {
  provider = hybridops
}
