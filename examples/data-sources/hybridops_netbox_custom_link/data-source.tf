data "hybridops_netbox_custom_link" "example" {
  name = "Amsterdam custom link"
}
