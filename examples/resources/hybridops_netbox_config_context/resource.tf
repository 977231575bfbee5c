resource "hybridops_netbox_config_context" "example" {
  name = "Time servers"
  data = jsonencode({ ntp = ["192.0.2.1", "192.0.2.2"] })
}
