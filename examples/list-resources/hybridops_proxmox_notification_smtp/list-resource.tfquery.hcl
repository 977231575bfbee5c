list "hybridops_proxmox_notification_smtp" "all" {
  provider = hybridops
}
