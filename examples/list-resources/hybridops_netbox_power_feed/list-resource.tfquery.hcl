list "hybridops_netbox_power_feed" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"], status = ["active"] }
  }
}
