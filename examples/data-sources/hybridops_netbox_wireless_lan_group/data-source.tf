data "hybridops_netbox_wireless_lan_group" "example" {
  slug = "amsterdam"
}
