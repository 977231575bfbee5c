data "hybridops_netbox_rear_ports" "matching" {
  filters = { site = ["amsterdam"] }
}
