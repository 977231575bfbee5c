# By its id.
terraform import hybridops_proxmox_node_firewall_rules.example "pve1"
