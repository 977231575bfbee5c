data "hybridops_netbox_racks" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
