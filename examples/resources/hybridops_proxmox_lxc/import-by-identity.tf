import {
  to = hybridops_proxmox_lxc.db
  identity = {
    vmid = 110
  }
}
