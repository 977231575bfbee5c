list "hybridops_netbox_virtual_chassis" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
