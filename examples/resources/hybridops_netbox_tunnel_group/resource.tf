resource "hybridops_netbox_tunnel_group" "example" {
  name = "Amsterdam tunnel group"
}
