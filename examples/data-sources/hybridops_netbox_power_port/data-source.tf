data "hybridops_netbox_power_port" "example" {
  name = "Amsterdam power port"
}
