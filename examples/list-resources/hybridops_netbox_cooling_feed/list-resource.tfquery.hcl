list "hybridops_netbox_cooling_feed" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"], status = ["active"] }
  }
}
