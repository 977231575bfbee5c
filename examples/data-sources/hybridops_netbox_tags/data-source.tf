data "hybridops_netbox_tags" "matching" {
  filters = { q = ["amsterdam"] }
}
