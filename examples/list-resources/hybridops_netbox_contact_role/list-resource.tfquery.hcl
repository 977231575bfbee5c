list "hybridops_netbox_contact_role" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
