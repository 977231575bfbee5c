# By its id.
terraform import hybridops_proxmox_sdn_ipam_pve.example "pve2"
