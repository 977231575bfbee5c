data "hybridops_netbox_cooling_intake" "example" {
  name = "Amsterdam cooling intake"
}
