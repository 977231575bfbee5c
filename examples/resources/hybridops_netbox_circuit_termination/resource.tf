resource "hybridops_netbox_circuit_provider" "example" {
  name = "Fibre Co"
}

resource "hybridops_netbox_circuit_type" "example" {
  name = "Amsterdam circuit type"
}

resource "hybridops_netbox_circuit" "example" {
  cid              = "NL-12345"
  circuit_provider = hybridops_netbox_circuit_provider.example.id
  type             = hybridops_netbox_circuit_type.example.id
}

resource "hybridops_netbox_circuit_termination" "example" {
  circuit   = hybridops_netbox_circuit.example.id
  term_side = "A"
}
