# By its id.
terraform import hybridops_proxmox_notification_smtp.example "relay"
