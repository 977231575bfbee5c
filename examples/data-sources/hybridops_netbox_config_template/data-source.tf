data "hybridops_netbox_config_template" "example" {
  name = "Amsterdam config template"
}
