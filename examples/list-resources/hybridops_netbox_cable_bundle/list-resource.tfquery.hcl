list "hybridops_netbox_cable_bundle" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
