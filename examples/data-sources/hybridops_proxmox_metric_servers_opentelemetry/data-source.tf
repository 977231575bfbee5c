data "hybridops_proxmox_metric_servers_opentelemetry" "all" {
}
