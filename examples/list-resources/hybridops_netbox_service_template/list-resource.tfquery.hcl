list "hybridops_netbox_service_template" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
