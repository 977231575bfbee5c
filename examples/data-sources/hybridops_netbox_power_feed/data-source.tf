data "hybridops_netbox_power_feed" "example" {
  name = "Amsterdam power feed"
}
