list "hybridops_netbox_ike_proposal" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
