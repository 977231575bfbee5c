resource "hybridops_netbox_manufacturer" "example" {
  name = "Juniper"
}
