list "hybridops_netbox_object_permission" "matching" {
  provider = hybridops
  config {
    filters = { q = ["amsterdam"] }
  }
}
