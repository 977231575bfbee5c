import {
  to = hybridops_proxmox_sdn_zone_vxlan.example
  id = "vxlanz"
}
