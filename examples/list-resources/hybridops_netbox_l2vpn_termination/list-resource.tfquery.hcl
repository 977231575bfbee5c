list "hybridops_netbox_l2vpn_termination" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
