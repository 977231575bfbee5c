import {
  to = hybridops_proxmox_firewall_options.example
  id = "firewall"
}
