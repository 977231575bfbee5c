resource "hybridops_netbox_virtual_circuit_type" "example" {
  name = "Amsterdam virtual circuit type"
}
