# By its id.
terraform import hybridops_proxmox_ha_group.example "rack-a"
