data "hybridops_netbox_vlans" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
