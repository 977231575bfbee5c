data "hybridops_proxmox_mapping_usb_devices" "all" {
}
