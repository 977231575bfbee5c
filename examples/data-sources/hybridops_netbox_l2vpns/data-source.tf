data "hybridops_netbox_l2vpns" "matching" {
  filters = { status = ["active"] }
}
