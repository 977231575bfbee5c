data "hybridops_netbox_custom_fields" "matching" {
  filters = { q = ["amsterdam"] }
}
