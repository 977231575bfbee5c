data "hybridops_netbox_rack" "example" {
  name = "R12"
}
