resource "hybridops_netbox_circuit_provider" "example" {
  name = "Fibre Co"
}

resource "hybridops_netbox_provider_network" "example" {
  circuit_provider = hybridops_netbox_circuit_provider.example.id
  name             = "Amsterdam provider network"
}
