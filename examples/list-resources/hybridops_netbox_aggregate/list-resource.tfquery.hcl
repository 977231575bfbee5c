list "hybridops_netbox_aggregate" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
