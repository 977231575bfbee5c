list "hybridops_netbox_tenant_group" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
