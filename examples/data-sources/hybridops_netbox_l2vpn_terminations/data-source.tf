data "hybridops_netbox_l2vpn_terminations" "matching" {
  filters = { site = ["amsterdam"] }
}
