# By its id: vmid, name.
terraform import hybridops_proxmox_guest_firewall_alias.example "100/office"
