resource "hybridops_netbox_module_bay_type" "example" {
  name = "Amsterdam module bay type"
}
