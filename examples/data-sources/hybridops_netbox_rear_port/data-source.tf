data "hybridops_netbox_rear_port" "example" {
  name = "Amsterdam rear port"
}
