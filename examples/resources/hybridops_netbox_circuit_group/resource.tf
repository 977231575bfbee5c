resource "hybridops_netbox_circuit_group" "example" {
  name = "Amsterdam circuit group"
}
