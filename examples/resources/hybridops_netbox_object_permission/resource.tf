resource "hybridops_netbox_object_permission" "example" {
  name         = "Amsterdam object permission"
  actions      = ["view"]
  object_types = ["dcim.site"]
}
