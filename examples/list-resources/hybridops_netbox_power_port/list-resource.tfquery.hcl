list "hybridops_netbox_power_port" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
