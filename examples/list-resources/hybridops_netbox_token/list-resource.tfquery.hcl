list "hybridops_netbox_token" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
