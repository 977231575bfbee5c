data "hybridops_netbox_custom_links" "matching" {
  filters = { q = ["amsterdam"] }
}
