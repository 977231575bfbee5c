list "hybridops_netbox_rack_group" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
