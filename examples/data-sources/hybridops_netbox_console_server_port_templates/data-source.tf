data "hybridops_netbox_console_server_port_templates" "matching" {
  filters = { q = ["amsterdam"] }
}
