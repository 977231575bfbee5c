import {
  to = hybridops_proxmox_mapping_usb.example
  id = "dongle"
}
