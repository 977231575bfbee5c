resource "hybridops_proxmox_metric_server_influxdb" "example" {
  name          = "influx"
  server        = "192.0.2.11"
  port          = 8086
  bucket        = "proxmox"
  influxdbproto = "https"
  organization  = "example"
  token         = "first-token"
  token_version = 1
}
