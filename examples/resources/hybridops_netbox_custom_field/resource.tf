resource "hybridops_netbox_custom_field" "example" {
  name         = "cost_centre"
  object_types = ["dcim.device", "virtualization.virtualmachine"]
  type         = "text"
}
