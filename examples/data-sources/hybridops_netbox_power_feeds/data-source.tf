data "hybridops_netbox_power_feeds" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
