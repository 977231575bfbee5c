list "hybridops_netbox_saved_filter" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
