import {
  to = hybridops_proxmox_sdn_ipam_netbox.example
  id = "netbox"
}
