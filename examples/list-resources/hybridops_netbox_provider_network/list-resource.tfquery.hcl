list "hybridops_netbox_provider_network" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
