list "hybridops_netbox_device_role" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
