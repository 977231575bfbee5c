list "hybridops_netbox_contact" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
