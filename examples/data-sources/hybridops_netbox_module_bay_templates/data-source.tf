data "hybridops_netbox_module_bay_templates" "matching" {
  filters = { q = ["amsterdam"] }
}
