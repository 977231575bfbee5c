list "hybridops_netbox_module_bay_template" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
