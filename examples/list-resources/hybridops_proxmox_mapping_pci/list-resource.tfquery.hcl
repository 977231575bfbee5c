list "hybridops_proxmox_mapping_pci" "all" {
  provider = hybridops
}
