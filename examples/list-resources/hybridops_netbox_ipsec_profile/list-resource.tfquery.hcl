list "hybridops_netbox_ipsec_profile" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
