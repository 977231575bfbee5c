data "hybridops_netbox_modules" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
