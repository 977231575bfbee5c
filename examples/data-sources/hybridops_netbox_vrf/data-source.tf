data "hybridops_netbox_vrf" "example" {
  name = "blue"
}
