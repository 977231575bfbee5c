# By its id.
terraform import hybridops_proxmox_firewall_options.example "firewall"
