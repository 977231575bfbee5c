import {
  to = hybridops_proxmox_template.debian
  id = "9000"
}
