data "hybridops_netbox_module_type" "example" {
  model = "Amsterdam module type"
}
