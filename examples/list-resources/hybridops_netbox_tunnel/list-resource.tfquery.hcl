list "hybridops_netbox_tunnel" "matching" {
  provider = hybridops
  config {
    filters = { status = ["active"] }
  }
}
