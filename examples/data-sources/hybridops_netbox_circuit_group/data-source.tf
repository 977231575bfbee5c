data "hybridops_netbox_circuit_group" "example" {
  slug = "amsterdam"
}
