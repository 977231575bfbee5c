# By its id.
terraform import hybridops_proxmox_metric_server_graphite.example "graphite"
