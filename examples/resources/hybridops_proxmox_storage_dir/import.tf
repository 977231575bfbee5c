import {
  to = hybridops_proxmox_storage_dir.example
  id = "archive"
}
