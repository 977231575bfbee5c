# By its id: vmid, name.
terraform import hybridops_proxmox_guest_firewall_ipset.example "100/clients"
