data "hybridops_netbox_mac_addresses" "matching" {
  filters = { tag = ["production"] }
}
