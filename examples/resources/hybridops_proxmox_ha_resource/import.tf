import {
  to = hybridops_proxmox_ha_resource.example
  id = "vm:100"
}
