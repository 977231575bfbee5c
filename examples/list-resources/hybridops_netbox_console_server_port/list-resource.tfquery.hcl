list "hybridops_netbox_console_server_port" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
