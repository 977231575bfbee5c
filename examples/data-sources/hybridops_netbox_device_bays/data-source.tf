data "hybridops_netbox_device_bays" "matching" {
  filters = { site = ["amsterdam"] }
}
