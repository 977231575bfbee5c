list "hybridops_netbox_ipsec_proposal" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
