data "hybridops_netbox_power_ports" "matching" {
  filters = { site = ["amsterdam"] }
}
