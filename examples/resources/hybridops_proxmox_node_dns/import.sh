# By its id.
terraform import hybridops_proxmox_node_dns.example "pve1"
