data "hybridops_netbox_console_port" "example" {
  name = "Amsterdam console port"
}
