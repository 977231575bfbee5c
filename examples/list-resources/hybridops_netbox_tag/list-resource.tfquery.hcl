list "hybridops_netbox_tag" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
