resource "hybridops_netbox_tenant_group" "example" {
  name = "Customers"
}
