data "hybridops_netbox_contact_groups" "matching" {
  filters = { tag = ["production"] }
}
