list "hybridops_netbox_route_target" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
