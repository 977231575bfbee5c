list "hybridops_netbox_device_bay" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
