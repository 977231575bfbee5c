data "hybridops_netbox_tag" "example" {
  slug = "amsterdam"
}
