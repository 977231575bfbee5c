list "hybridops_proxmox_metric_server_influxdb" "all" {
  provider = hybridops
}
