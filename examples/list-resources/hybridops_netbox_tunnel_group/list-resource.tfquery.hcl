list "hybridops_netbox_tunnel_group" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
