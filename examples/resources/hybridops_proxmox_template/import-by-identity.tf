import {
  to = hybridops_proxmox_template.debian
  identity = {
    vmid = 9000
  }
}
