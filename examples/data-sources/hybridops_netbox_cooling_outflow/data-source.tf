data "hybridops_netbox_cooling_outflow" "example" {
  name = "Amsterdam cooling outflow"
}
