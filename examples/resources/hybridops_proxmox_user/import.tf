import {
  to = hybridops_proxmox_user.example
  id = "alice@pve"
}
