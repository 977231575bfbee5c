# By its id.
terraform import hybridops_proxmox_node_firewall_options.example "pve1"
