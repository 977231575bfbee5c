list "hybridops_netbox_module" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"], status = ["active"] }
  }
}
