data "hybridops_netbox_cooling_sources" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
