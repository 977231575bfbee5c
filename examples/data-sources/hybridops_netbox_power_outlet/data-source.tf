data "hybridops_netbox_power_outlet" "example" {
  name = "Amsterdam power outlet"
}
