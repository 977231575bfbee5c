data "hybridops_netbox_front_port_templates" "matching" {
  filters = { q = ["amsterdam"] }
}
