list "hybridops_netbox_custom_field" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
