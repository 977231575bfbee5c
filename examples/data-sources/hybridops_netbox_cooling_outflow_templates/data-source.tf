data "hybridops_netbox_cooling_outflow_templates" "matching" {
  filters = { q = ["amsterdam"] }
}
