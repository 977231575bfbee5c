# By its id.
terraform import hybridops_proxmox_group.example "ops"
