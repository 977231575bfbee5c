data "hybridops_netbox_contact_roles" "matching" {
  filters = { tag = ["production"] }
}
