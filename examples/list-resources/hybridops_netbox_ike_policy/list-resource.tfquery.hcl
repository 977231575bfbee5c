list "hybridops_netbox_ike_policy" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
