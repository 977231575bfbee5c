list "hybridops_netbox_ip_address" "matching" {
  provider = hybridops
  config {
    filters = { status = ["active"] }
  }
}
