data "hybridops_netbox_device_type" "example" {
  slug = "amsterdam"
}
