import {
  to = hybridops_proxmox_sdn_zone_qinq.example
  id = "qinqz"
}
