data "hybridops_netbox_route_targets" "matching" {
  filters = { tag = ["production"] }
}
