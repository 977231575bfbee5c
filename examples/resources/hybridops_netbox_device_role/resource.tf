resource "hybridops_netbox_device_role" "example" {
  name  = "Access switch"
  color = "2196f3"
}
