data "hybridops_netbox_console_ports" "matching" {
  filters = { site = ["amsterdam"] }
}
