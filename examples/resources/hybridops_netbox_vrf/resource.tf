resource "hybridops_netbox_vrf" "example" {
  name = "blue"
  rd   = "65000:1"
}
