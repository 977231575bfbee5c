# By its id.
terraform import hybridops_proxmox_node_hosts.example "pve1"
