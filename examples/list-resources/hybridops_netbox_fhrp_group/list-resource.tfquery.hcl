list "hybridops_netbox_fhrp_group" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
