resource "hybridops_netbox_module_type_profile" "example" {
  name = "Amsterdam module type profile"
}
