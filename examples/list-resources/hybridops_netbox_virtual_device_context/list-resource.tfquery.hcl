list "hybridops_netbox_virtual_device_context" "matching" {
  provider = hybridops
  config {
    filters = { status = ["active"] }
  }
}
