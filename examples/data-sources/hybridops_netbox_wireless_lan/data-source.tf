data "hybridops_netbox_wireless_lan" "example" {
  ssid = "office"
}
