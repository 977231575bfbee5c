data "hybridops_netbox_site_group" "example" {
  slug = "amsterdam"
}
