data "hybridops_netbox_cooling_intakes" "matching" {
  filters = { site = ["amsterdam"] }
}
