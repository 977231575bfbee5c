data "hybridops_proxmox_notification_webhook_targets" "all" {
}
