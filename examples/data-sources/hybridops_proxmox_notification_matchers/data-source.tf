data "hybridops_proxmox_notification_matchers" "all" {
}
