data "hybridops_netbox_tenant_groups" "matching" {
  filters = { tag = ["production"] }
}
