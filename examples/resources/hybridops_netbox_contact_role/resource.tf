resource "hybridops_netbox_contact_role" "example" {
  name = "Amsterdam contact role"
}
