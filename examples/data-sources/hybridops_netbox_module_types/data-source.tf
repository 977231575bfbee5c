data "hybridops_netbox_module_types" "matching" {
  filters = { tag = ["production"] }
}
