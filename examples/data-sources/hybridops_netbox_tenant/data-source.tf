data "hybridops_netbox_tenant" "example" {
  slug = "amsterdam"
}
