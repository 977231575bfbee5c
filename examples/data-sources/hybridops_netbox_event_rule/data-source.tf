data "hybridops_netbox_event_rule" "example" {
  name = "Amsterdam event rule"
}
