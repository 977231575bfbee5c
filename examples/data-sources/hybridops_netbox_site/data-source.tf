data "hybridops_netbox_site" "example" {
  slug = "ams1"
}
