import {
  to = hybridops_proxmox_node_time.example
  id = "pve1"
}
