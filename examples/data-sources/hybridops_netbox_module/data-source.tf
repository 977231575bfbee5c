data "hybridops_netbox_module" "example" {
  asset_tag = "amsterdam"
}
