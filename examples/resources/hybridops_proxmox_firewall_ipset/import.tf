import {
  to = hybridops_proxmox_firewall_ipset.example
  id = "servers"
}
