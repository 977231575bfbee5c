data "hybridops_netbox_contact_assignments" "matching" {
  filters = { tag = ["production"] }
}
