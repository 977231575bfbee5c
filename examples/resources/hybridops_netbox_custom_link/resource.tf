resource "hybridops_netbox_custom_link" "example" {
  name         = "Amsterdam custom link"
  link_text    = "Amsterdam custom link"
  link_url     = "Amsterdam custom link"
  object_types = ["dcim.site"]
}
