data "hybridops_netbox_contact_role" "example" {
  slug = "amsterdam"
}
