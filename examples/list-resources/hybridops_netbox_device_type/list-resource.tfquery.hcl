list "hybridops_netbox_device_type" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
