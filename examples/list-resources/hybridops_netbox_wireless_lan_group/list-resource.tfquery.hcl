list "hybridops_netbox_wireless_lan_group" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
