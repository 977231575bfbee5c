data "hybridops_netbox_provider_accounts" "matching" {
  filters = { tag = ["production"] }
}
