list "hybridops_netbox_rir" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
