list "hybridops_netbox_tunnel_termination" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
