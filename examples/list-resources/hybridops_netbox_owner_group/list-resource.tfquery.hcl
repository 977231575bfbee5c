list "hybridops_netbox_owner_group" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
