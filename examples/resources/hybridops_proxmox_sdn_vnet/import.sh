# By its id.
terraform import hybridops_proxmox_sdn_vnet.example "web"
