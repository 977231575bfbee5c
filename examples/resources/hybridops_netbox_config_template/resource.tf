resource "hybridops_netbox_config_template" "example" {
  name          = "Amsterdam config template"
  template_code = "Amsterdam config template"
}
