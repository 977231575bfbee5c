data "hybridops_netbox_asn_range" "example" {
  slug = "amsterdam"
}
