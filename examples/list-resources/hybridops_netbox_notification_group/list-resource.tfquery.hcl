list "hybridops_netbox_notification_group" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
