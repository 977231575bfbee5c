resource "hybridops_netbox_config_context_profile" "example" {
  name = "Amsterdam config context profile"
}
