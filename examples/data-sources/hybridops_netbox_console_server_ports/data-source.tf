data "hybridops_netbox_console_server_ports" "matching" {
  filters = { site = ["amsterdam"] }
}
