import {
  to = hybridops_proxmox_group.example
  id = "ops"
}
