# By its id.
terraform import hybridops_proxmox_notification_gotify.example "phone"
