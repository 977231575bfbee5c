data "hybridops_netbox_virtual_circuit_termination" "example" {
  id = 5
}
