data "hybridops_netbox_circuit_type" "example" {
  slug = "amsterdam"
}
