data "hybridops_netbox_cooling_outflows" "matching" {
  filters = { site = ["amsterdam"] }
}
