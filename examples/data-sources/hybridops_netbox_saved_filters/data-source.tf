data "hybridops_netbox_saved_filters" "matching" {
  filters = { q = ["amsterdam"] }
}
