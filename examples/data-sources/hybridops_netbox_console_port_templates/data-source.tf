data "hybridops_netbox_console_port_templates" "matching" {
  filters = { q = ["amsterdam"] }
}
