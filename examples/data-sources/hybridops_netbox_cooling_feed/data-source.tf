data "hybridops_netbox_cooling_feed" "example" {
  name = "Amsterdam cooling feed"
}
