resource "hybridops_netbox_route_target" "example" {
  name = "65000:100"
}
