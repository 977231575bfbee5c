data "hybridops_netbox_rack_roles" "matching" {
  filters = { tag = ["production"] }
}
