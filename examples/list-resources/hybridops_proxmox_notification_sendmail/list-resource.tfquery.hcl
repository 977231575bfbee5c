list "hybridops_proxmox_notification_sendmail" "all" {
  provider = hybridops
}
