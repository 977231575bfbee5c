list "hybridops_netbox_asn" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
