data "hybridops_netbox_wireless_lan_groups" "matching" {
  filters = { tag = ["production"] }
}
