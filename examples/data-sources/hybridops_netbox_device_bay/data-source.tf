data "hybridops_netbox_device_bay" "example" {
  name = "Amsterdam device bay"
}
