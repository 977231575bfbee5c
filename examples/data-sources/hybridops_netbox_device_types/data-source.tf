data "hybridops_netbox_device_types" "matching" {
  filters = { tag = ["production"] }
}
