import {
  to = hybridops_proxmox_vnet_firewall_rules.example
  id = "web"
}
