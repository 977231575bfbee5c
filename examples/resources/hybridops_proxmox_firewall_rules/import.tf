import {
  to = hybridops_proxmox_firewall_rules.example
  id = "rules"
}
