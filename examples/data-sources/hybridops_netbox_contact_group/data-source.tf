data "hybridops_netbox_contact_group" "example" {
  slug = "amsterdam"
}
