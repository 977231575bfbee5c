list "hybridops_netbox_mac_address" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
