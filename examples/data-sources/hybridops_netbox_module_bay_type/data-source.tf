data "hybridops_netbox_module_bay_type" "example" {
  slug = "amsterdam"
}
