import {
  to = hybridops_proxmox_sdn_zone_vlan.example
  id = "vlanz"
}
