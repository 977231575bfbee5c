data "hybridops_netbox_config_contexts" "matching" {
  filters = { site = ["amsterdam"] }
}
