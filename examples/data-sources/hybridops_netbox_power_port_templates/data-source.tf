data "hybridops_netbox_power_port_templates" "matching" {
  filters = { q = ["amsterdam"] }
}
