list "hybridops_netbox_config_template" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
