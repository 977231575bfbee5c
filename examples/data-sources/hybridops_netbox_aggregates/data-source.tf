data "hybridops_netbox_aggregates" "matching" {
  filters = { tag = ["production"] }
}
