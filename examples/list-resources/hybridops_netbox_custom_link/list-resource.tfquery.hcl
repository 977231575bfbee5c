list "hybridops_netbox_custom_link" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
