resource "hybridops_netbox_rack_group" "example" {
  name = "Amsterdam rack group"
}
