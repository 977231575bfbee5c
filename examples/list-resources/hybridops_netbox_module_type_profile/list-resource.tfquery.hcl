list "hybridops_netbox_module_type_profile" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
