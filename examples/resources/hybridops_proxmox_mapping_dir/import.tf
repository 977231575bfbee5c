import {
  to = hybridops_proxmox_mapping_dir.example
  id = "shared"
}
