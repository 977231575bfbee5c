import {
  to = hybridops_proxmox_storage_zfs.example
  id = "zfssan"
}
