list "hybridops_netbox_rack_type" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
