data "hybridops_netbox_power_panel" "example" {
  name = "Amsterdam power panel"
}
