data "hybridops_netbox_region" "example" {
  slug = "amsterdam"
}
