data "hybridops_netbox_power_port_template" "example" {
  name = "Amsterdam power port template"
}
