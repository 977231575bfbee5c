data "hybridops_netbox_console_server_port" "example" {
  name = "Amsterdam console server port"
}
