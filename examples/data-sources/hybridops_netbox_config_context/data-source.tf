data "hybridops_netbox_config_context" "example" {
  name = "Time servers"
}
