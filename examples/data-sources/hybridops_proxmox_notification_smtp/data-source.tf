data "hybridops_proxmox_notification_smtp" "example" {
  id = "relay"
}
