list "hybridops_netbox_power_panel" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
