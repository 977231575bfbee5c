data "hybridops_netbox_data_sources" "matching" {
  filters = { status = ["active"] }
}
