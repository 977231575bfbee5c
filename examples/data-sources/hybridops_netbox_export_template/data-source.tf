data "hybridops_netbox_export_template" "example" {
  name = "Amsterdam export template"
}
