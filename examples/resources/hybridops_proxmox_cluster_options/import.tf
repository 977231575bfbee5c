import {
  to = hybridops_proxmox_cluster_options.example
  id = "options"
}
