list "hybridops_netbox_webhook" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
