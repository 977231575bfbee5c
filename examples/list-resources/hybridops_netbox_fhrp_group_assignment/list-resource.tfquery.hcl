list "hybridops_netbox_fhrp_group_assignment" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
