# By its id.
terraform import hybridops_proxmox_pool.example "web"
