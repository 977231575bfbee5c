data "hybridops_netbox_devices" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
