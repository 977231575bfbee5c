list "hybridops_netbox_vrf" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
