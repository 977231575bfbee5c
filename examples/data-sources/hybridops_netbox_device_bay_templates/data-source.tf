data "hybridops_netbox_device_bay_templates" "matching" {
  filters = { q = ["amsterdam"] }
}
