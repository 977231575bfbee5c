list "hybridops_netbox_module_type" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
