list "hybridops_netbox_wireless_link" "matching" {
  provider = hybridops
  config {
    filters = { status = ["active"] }
  }
}
