data "hybridops_netbox_contacts" "matching" {
  filters = { tag = ["production"] }
}
