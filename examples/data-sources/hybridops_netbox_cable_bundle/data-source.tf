data "hybridops_netbox_cable_bundle" "example" {
  name = "Amsterdam cable bundle"
}
