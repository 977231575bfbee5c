# By its id.
terraform import hybridops_proxmox_cluster_options.example "options"
