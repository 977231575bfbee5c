import {
  to = hybridops_proxmox_ha_group.example
  id = "rack-a"
}
