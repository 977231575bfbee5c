data "hybridops_netbox_rack_groups" "matching" {
  filters = { tag = ["production"] }
}
