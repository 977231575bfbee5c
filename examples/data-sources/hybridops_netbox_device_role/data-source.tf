data "hybridops_netbox_device_role" "example" {
  slug = "amsterdam"
}
