data "hybridops_netbox_rack_types" "matching" {
  filters = { tag = ["production"] }
}
