list "hybridops_netbox_rear_port" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
