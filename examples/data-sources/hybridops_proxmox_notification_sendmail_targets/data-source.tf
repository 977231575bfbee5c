data "hybridops_proxmox_notification_sendmail_targets" "all" {
}
