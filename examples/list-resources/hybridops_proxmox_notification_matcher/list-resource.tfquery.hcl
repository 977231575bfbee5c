list "hybridops_proxmox_notification_matcher" "all" {
  provider = hybridops
}
