data "hybridops_netbox_circuits" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
