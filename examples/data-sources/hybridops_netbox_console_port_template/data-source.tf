data "hybridops_netbox_console_port_template" "example" {
  name = "Amsterdam console port template"
}
