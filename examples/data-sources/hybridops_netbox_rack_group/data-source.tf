data "hybridops_netbox_rack_group" "example" {
  slug = "amsterdam"
}
