import {
  to = hybridops_proxmox_storage_esxi.example
  id = "esxi"
}
