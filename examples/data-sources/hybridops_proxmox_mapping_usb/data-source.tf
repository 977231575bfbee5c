data "hybridops_proxmox_mapping_usb" "example" {
  id = "dongle"
}
