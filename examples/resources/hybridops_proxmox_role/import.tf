import {
  to = hybridops_proxmox_role.example
  id = "Operator"
}
