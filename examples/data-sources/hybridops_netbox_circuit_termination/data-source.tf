data "hybridops_netbox_circuit_termination" "example" {
  id = 5
}
