data "hybridops_netbox_saved_filter" "example" {
  slug = "amsterdam"
}
