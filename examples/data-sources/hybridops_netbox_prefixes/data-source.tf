data "hybridops_netbox_prefixes" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
