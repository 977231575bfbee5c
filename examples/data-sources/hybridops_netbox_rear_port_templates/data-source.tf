data "hybridops_netbox_rear_port_templates" "matching" {
  filters = { q = ["amsterdam"] }
}
