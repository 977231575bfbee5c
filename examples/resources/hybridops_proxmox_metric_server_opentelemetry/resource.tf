resource "hybridops_proxmox_metric_server_opentelemetry" "example" {
  name                 = "otel"
  server               = "192.0.2.12"
  port                 = 4318
  otel_compression     = "gzip"
  otel_headers         = "eyJYLUtleSI6ImEifQ=="
  otel_headers_version = 1
  otel_protocol        = "http"
}
