data "hybridops_netbox_custom_field" "example" {
  name = "cost_centre"
}
