resource "hybridops_netbox_contact_group" "example" {
  name = "Amsterdam contact group"
}
