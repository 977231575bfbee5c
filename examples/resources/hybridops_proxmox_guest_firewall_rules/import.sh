# By its id.
terraform import hybridops_proxmox_guest_firewall_rules.example "100"
