data "hybridops_netbox_tenant_group" "example" {
  slug = "amsterdam"
}
