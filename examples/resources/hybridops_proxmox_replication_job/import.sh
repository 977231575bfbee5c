# By its id.
terraform import hybridops_proxmox_replication_job.example "100-0"
