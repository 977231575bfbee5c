list "hybridops_proxmox_storage_pbs" "all" {
  provider = hybridops
}
