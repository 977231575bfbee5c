data "hybridops_netbox_cables" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
