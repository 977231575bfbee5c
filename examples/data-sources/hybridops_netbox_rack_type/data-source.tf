data "hybridops_netbox_rack_type" "example" {
  slug = "amsterdam"
}
