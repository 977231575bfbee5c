data "hybridops_netbox_asn_ranges" "matching" {
  filters = { tag = ["production"] }
}
