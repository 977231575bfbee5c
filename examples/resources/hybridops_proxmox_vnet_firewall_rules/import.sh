# By its id.
terraform import hybridops_proxmox_vnet_firewall_rules.example "web"
