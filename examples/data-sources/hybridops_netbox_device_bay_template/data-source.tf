data "hybridops_netbox_device_bay_template" "example" {
  name = "Amsterdam device bay template"
}
