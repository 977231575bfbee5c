data "hybridops_netbox_power_outlet_template" "example" {
  name = "Amsterdam power outlet template"
}
