resource "hybridops_netbox_platform" "example" {
  name = "Junos"
}
