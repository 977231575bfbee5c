data "hybridops_netbox_module_type_profiles" "matching" {
  filters = { tag = ["production"] }
}
