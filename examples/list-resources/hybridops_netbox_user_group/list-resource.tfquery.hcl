list "hybridops_netbox_user_group" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
