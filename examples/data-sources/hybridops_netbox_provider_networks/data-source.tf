data "hybridops_netbox_provider_networks" "matching" {
  filters = { tag = ["production"] }
}
