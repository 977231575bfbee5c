data "hybridops_netbox_tunnel_group" "example" {
  slug = "amsterdam"
}
