data "hybridops_netbox_virtual_circuit_terminations" "matching" {
  filters = { tag = ["production"] }
}
