data "hybridops_netbox_notification_groups" "matching" {
  filters = { q = ["amsterdam"] }
}
