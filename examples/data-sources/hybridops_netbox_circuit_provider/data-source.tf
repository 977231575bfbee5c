data "hybridops_netbox_circuit_provider" "example" {
  slug = "amsterdam"
}
