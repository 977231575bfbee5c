data "hybridops_netbox_sites" "matching" {
  filters = { status = ["active"] }
}
