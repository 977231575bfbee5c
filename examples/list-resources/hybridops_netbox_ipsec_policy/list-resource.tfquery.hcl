list "hybridops_netbox_ipsec_policy" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
