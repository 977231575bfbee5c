# By its id.
terraform import hybridops_proxmox_sdn_zone_evpn.example "evpnz"
