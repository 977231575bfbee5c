data "hybridops_netbox_rack_reservation" "example" {
  id = 5
}
