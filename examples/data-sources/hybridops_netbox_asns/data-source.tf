data "hybridops_netbox_asns" "matching" {
  filters = { site = ["amsterdam"] }
}
