# By its id.
terraform import hybridops_proxmox_notification_sendmail.example "mail"
