resource "hybridops_netbox_circuit_provider" "example" {
  name = "Fibre Co"
}
