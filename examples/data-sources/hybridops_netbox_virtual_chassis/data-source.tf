data "hybridops_netbox_virtual_chassis" "example" {
  name = "Amsterdam virtual chassis"
}
