data "hybridops_netbox_l2vpn" "example" {
  slug = "amsterdam"
}
