data "hybridops_netbox_virtual_device_contexts" "matching" {
  filters = { status = ["active"] }
}
