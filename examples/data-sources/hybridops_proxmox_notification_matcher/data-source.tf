data "hybridops_proxmox_notification_matcher" "example" {
  id = "failed-backups"
}
