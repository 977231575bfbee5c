data "hybridops_netbox_regions" "matching" {
  filters = { tag = ["production"] }
}
