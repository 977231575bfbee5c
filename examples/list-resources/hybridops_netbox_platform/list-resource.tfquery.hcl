list "hybridops_netbox_platform" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
