list "hybridops_netbox_site" "matching" {
  provider = hybridops
  config {
    filters = { status = ["active"] }
  }
}
