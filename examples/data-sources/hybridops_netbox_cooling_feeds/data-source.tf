data "hybridops_netbox_cooling_feeds" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
