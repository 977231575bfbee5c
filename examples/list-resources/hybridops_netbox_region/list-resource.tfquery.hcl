list "hybridops_netbox_region" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
