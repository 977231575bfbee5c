list "hybridops_proxmox_notification_webhook" "all" {
  provider = hybridops
}
