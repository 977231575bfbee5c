list "hybridops_netbox_data_source" "matching" {
  provider = hybridops
  config {
    filters = { status = ["active"] }
  }
}
