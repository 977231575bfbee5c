list "hybridops_netbox_service" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
