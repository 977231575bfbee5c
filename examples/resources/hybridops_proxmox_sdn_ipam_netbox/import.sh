# By its id.
terraform import hybridops_proxmox_sdn_ipam_netbox.example "netbox"
