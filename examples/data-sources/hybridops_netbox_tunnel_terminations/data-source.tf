data "hybridops_netbox_tunnel_terminations" "matching" {
  filters = { tag = ["production"] }
}
