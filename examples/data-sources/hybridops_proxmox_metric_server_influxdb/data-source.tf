data "hybridops_proxmox_metric_server_influxdb" "example" {
  id = "influx"
}
