list "hybridops_netbox_manufacturer" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
