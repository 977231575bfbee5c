data "hybridops_netbox_wireless_link" "example" {
  ssid = "amsterdam"
}
