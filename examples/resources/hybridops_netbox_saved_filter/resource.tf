resource "hybridops_netbox_saved_filter" "example" {
  name         = "Amsterdam saved filter"
  object_types = ["dcim.site"]
  parameters   = jsonencode({ status = ["active"] })
}
