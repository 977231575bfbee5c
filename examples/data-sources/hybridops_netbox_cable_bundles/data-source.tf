data "hybridops_netbox_cable_bundles" "matching" {
  filters = { tag = ["production"] }
}
