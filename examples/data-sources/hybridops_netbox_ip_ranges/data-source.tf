data "hybridops_netbox_ip_ranges" "matching" {
  filters = { status = ["active"] }
}
