# By its id.
terraform import hybridops_proxmox_metric_server_influxdb.example "influx"
