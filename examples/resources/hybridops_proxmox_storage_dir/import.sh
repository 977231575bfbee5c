# By its id.
terraform import hybridops_proxmox_storage_dir.example "archive"
