resource "hybridops_netbox_circuit_provider" "example" {
  name = "Fibre Co"
}

resource "hybridops_netbox_provider_account" "example" {
  account          = "Amsterdam provider account"
  circuit_provider = hybridops_netbox_circuit_provider.example.id
}
