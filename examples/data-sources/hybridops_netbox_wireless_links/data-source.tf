data "hybridops_netbox_wireless_links" "matching" {
  filters = { status = ["active"] }
}
