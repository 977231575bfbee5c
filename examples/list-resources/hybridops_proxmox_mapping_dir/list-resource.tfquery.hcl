list "hybridops_proxmox_mapping_dir" "all" {
  provider = hybridops
}
