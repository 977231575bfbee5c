list "hybridops_proxmox_metric_server_opentelemetry" "all" {
  provider = hybridops
}
