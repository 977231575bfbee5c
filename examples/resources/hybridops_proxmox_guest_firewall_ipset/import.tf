import {
  to = hybridops_proxmox_guest_firewall_ipset.example
  id = "100/clients"
}
