resource "hybridops_netbox_rack_role" "example" {
  name = "Amsterdam rack role"
}
