import {
  to = hybridops_proxmox_node_dns.example
  id = "pve1"
}
