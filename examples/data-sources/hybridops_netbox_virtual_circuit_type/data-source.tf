data "hybridops_netbox_virtual_circuit_type" "example" {
  slug = "amsterdam"
}
