list "hybridops_netbox_console_port" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
