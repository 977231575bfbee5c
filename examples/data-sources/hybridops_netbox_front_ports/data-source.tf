data "hybridops_netbox_front_ports" "matching" {
  filters = { site = ["amsterdam"] }
}
