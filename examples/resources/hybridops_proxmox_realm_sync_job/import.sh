# By its id.
terraform import hybridops_proxmox_realm_sync_job.example "people"
