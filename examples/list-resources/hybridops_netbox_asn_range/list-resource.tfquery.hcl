list "hybridops_netbox_asn_range" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
