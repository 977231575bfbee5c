list "hybridops_netbox_wireless_lan" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"], status = ["active"] }
  }
}
