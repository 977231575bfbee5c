data "hybridops_netbox_console_server_port_template" "example" {
  name = "Amsterdam console server port template"
}
