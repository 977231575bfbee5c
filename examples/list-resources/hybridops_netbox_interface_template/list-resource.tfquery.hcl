list "hybridops_netbox_interface_template" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
