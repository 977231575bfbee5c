data "hybridops_netbox_cooling_source" "example" {
  name = "Amsterdam cooling source"
}
