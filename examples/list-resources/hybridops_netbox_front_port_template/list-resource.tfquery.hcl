list "hybridops_netbox_front_port_template" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
