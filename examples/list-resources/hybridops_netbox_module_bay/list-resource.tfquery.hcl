list "hybridops_netbox_module_bay" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
