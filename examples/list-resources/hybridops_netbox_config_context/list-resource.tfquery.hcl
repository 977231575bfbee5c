list "hybridops_netbox_config_context" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
