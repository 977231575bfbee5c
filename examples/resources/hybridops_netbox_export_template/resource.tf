resource "hybridops_netbox_export_template" "example" {
  name          = "Amsterdam export template"
  object_types  = ["dcim.site"]
  template_code = "Amsterdam export template"
}
