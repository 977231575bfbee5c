list "hybridops_netbox_rack" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"], status = ["active"] }
  }
}
