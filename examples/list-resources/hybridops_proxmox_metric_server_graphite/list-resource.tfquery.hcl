list "hybridops_proxmox_metric_server_graphite" "all" {
  provider = hybridops
}
