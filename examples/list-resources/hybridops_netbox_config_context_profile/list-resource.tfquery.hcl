list "hybridops_netbox_config_context_profile" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
