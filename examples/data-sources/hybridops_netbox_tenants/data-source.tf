data "hybridops_netbox_tenants" "matching" {
  filters = { tag = ["production"] }
}
