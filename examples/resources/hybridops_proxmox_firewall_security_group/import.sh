# By its id.
terraform import hybridops_proxmox_firewall_security_group.example "web"
