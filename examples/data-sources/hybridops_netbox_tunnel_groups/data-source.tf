data "hybridops_netbox_tunnel_groups" "matching" {
  filters = { tag = ["production"] }
}
