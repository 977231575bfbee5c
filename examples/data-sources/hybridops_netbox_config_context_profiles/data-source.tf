data "hybridops_netbox_config_context_profiles" "matching" {
  filters = { tag = ["production"] }
}
