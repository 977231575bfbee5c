list "hybridops_netbox_front_port" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
