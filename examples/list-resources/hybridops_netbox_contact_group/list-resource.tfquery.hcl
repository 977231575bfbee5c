list "hybridops_netbox_contact_group" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
