resource "hybridops_netbox_vlan" "example" {
  name = "servers"
  vid  = 120
}
