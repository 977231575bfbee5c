data "hybridops_netbox_mac_address" "example" {
  mac_address = "02:00:5E:10:00:01"
}
