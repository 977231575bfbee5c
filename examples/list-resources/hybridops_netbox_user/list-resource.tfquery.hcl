list "hybridops_netbox_user" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
