# By its id.
terraform import hybridops_proxmox_user.example "alice@pve"
