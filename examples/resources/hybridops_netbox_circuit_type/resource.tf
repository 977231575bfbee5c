resource "hybridops_netbox_circuit_type" "example" {
  name = "Amsterdam circuit type"
}
