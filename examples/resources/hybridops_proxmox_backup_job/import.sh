# By its id.
terraform import hybridops_proxmox_backup_job.example "nightly"
