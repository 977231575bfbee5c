resource "hybridops_proxmox_metric_server_graphite" "example" {
  name   = "graphite"
  server = "192.0.2.10"
  port   = 2003
  path   = "lab"
  proto  = "tcp"
}
