data "hybridops_netbox_wireless_lans" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
