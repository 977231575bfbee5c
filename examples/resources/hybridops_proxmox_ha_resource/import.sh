# By its id.
terraform import hybridops_proxmox_ha_resource.example "vm:100"
