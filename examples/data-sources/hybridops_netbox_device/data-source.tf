data "hybridops_netbox_device" "example" {
  name = "ams1-sw1"
}
