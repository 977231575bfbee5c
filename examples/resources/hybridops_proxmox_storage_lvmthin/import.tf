import {
  to = hybridops_proxmox_storage_lvmthin.example
  id = "thin"
}
