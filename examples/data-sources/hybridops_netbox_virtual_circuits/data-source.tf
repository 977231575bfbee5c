data "hybridops_netbox_virtual_circuits" "matching" {
  filters = { status = ["active"] }
}
