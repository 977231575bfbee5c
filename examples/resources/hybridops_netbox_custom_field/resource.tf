resource "hybridops_netbox_custom_field" "example" {
  name         = "Amsterdam_base_1"
  object_types = ["wireless.wirelesslangroup"]
}
