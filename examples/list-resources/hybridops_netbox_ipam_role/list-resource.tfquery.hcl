list "hybridops_netbox_ipam_role" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
