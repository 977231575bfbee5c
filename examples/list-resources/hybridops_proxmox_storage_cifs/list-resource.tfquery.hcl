list "hybridops_proxmox_storage_cifs" "all" {
  provider = hybridops
}
