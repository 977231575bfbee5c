data "hybridops_proxmox_notification_gotify_targets" "all" {
}
