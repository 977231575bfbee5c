data "hybridops_netbox_vlan" "example" {
  name = "servers"
}
