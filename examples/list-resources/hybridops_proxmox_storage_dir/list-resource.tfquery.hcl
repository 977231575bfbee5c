list "hybridops_proxmox_storage_dir" "all" {
  provider = hybridops
}
