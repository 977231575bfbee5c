data "hybridops_proxmox_notification_smtp_targets" "all" {
}
