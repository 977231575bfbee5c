import {
  to = hybridops_proxmox_node_firewall_options.example
  id = "pve1"
}
