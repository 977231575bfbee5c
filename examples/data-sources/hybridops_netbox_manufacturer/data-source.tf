data "hybridops_netbox_manufacturer" "example" {
  slug = "amsterdam"
}
