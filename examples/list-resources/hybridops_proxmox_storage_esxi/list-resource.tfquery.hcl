list "hybridops_proxmox_storage_esxi" "all" {
  provider = hybridops
}
