# By its id: vnet, subnet.
terraform import hybridops_proxmox_sdn_subnet.example "web/10.20.0.0/24"
