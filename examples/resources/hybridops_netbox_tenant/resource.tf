resource "hybridops_netbox_tenant" "example" {
  name        = "Acme"
  description = "Makes everything"
}
