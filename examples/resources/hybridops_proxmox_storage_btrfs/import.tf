import {
  to = hybridops_proxmox_storage_btrfs.example
  id = "btrfs"
}
