data "hybridops_netbox_ip_addresses" "matching" {
  filters = { status = ["active"] }
}
