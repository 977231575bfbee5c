# By its id.
terraform import hybridops_proxmox_notification_matcher.example "failed-backups"
