list "hybridops_netbox_site_group" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
