list "hybridops_netbox_owner" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
