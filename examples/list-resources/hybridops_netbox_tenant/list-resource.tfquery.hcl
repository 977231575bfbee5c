list "hybridops_netbox_tenant" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
