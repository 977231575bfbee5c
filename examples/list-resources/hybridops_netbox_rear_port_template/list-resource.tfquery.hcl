list "hybridops_netbox_rear_port_template" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
