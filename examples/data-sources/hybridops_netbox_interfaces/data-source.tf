data "hybridops_netbox_interfaces" "matching" {
  filters = { site = ["amsterdam"] }
}
