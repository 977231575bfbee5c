data "hybridops_netbox_rir" "example" {
  slug = "amsterdam"
}
