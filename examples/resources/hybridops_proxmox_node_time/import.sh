# By its id.
terraform import hybridops_proxmox_node_time.example "pve1"
