# By its id.
terraform import hybridops_proxmox_sdn_zone_vxlan.example "vxlanz"
