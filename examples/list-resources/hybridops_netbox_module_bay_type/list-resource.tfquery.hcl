list "hybridops_netbox_module_bay_type" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
