import {
  to = hybridops_proxmox_metric_server_graphite.example
  id = "graphite"
}
