data "hybridops_netbox_platform" "example" {
  slug = "amsterdam"
}
