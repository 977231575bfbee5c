data "hybridops_netbox_locations" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
