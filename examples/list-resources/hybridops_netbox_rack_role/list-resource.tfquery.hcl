list "hybridops_netbox_rack_role" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
