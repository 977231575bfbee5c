data "hybridops_netbox_config_templates" "matching" {
  filters = { tag = ["production"] }
}
