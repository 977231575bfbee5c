# By its id.
terraform import hybridops_proxmox_node_config.example "pve1"
