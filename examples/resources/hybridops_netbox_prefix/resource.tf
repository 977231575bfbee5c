resource "hybridops_netbox_prefix" "example" {
  prefix      = "10.20.0.0/16"
  description = "Amsterdam"
}
