data "hybridops_proxmox_metric_server_opentelemetry" "example" {
  id = "otel"
}
