list "hybridops_netbox_provider_account" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
