data "hybridops_netbox_module_bay_template" "example" {
  name = "Amsterdam module bay template"
}
