data "hybridops_netbox_virtual_machines" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
