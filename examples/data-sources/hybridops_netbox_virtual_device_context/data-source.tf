data "hybridops_netbox_virtual_device_context" "example" {
  name = "Amsterdam virtual device context"
}
