data "hybridops_netbox_tunnel" "example" {
  name = "ams1-fra1"
}
