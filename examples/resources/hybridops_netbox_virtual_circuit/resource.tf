resource "hybridops_netbox_circuit_provider" "example" {
  name = "Fibre Co"
}

resource "hybridops_netbox_provider_network" "example" {
  circuit_provider = hybridops_netbox_circuit_provider.example.id
  name             = "Amsterdam provider network"
}

resource "hybridops_netbox_virtual_circuit_type" "example" {
  name = "Amsterdam virtual circuit type"
}

resource "hybridops_netbox_virtual_circuit" "example" {
  cid              = "Amsterdam virtual circuit"
  provider_network = hybridops_netbox_provider_network.example.id
  type             = hybridops_netbox_virtual_circuit_type.example.id
}
