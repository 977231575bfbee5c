data "hybridops_netbox_module_bay_types" "matching" {
  filters = { tag = ["production"] }
}
