list "hybridops_proxmox_notification_gotify" "all" {
  provider = hybridops
}
