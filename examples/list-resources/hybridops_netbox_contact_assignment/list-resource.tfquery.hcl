list "hybridops_netbox_contact_assignment" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
