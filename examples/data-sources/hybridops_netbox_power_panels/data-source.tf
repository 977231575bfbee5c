data "hybridops_netbox_power_panels" "matching" {
  filters = { site = ["amsterdam"] }
}
