data "hybridops_netbox_power_outlet_templates" "matching" {
  filters = { q = ["amsterdam"] }
}
