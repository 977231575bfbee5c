data "hybridops_netbox_rear_port_template" "example" {
  name = "Amsterdam rear port template"
}
