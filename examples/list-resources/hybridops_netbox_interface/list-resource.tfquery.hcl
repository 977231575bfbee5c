list "hybridops_netbox_interface" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
