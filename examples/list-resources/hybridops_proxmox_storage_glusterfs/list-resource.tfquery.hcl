list "hybridops_proxmox_storage_glusterfs" "all" {
  provider = hybridops
}
