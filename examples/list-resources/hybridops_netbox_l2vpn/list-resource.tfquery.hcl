list "hybridops_netbox_l2vpn" "matching" {
  provider = hybridops
  config {
    filters = { status = ["active"] }
  }
}
