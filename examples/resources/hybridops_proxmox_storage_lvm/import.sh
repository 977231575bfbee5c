# By its id.
terraform import hybridops_proxmox_storage_lvm.example "lvm"
