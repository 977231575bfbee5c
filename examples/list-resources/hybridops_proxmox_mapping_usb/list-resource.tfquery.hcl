list "hybridops_proxmox_mapping_usb" "all" {
  provider = hybridops
}
