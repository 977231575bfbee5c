data "hybridops_netbox_location" "example" {
  slug = "amsterdam"
}
