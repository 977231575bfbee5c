data "hybridops_netbox_power_outlets" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
