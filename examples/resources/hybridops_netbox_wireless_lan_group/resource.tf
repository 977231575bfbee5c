resource "hybridops_netbox_wireless_lan_group" "example" {
  name = "Amsterdam wireless LAN group"
}
