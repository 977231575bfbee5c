import {
  to = hybridops_proxmox_node_hosts.example
  id = "pve1"
}
