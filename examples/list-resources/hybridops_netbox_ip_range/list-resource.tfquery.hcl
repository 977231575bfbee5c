list "hybridops_netbox_ip_range" "matching" {
  provider = hybridops
  config {
    filters = { status = ["active"] }
  }
}
