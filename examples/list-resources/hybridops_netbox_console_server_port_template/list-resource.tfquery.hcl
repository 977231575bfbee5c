list "hybridops_netbox_console_server_port_template" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
