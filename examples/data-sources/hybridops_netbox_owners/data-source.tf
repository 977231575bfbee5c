data "hybridops_netbox_owners" "matching" {
  filters = { q = ["amsterdam"] }
}
