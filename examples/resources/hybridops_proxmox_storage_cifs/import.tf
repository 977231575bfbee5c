import {
  to = hybridops_proxmox_storage_cifs.example
  id = "windows"
}
