data "hybridops_netbox_rack_role" "example" {
  slug = "amsterdam"
}
