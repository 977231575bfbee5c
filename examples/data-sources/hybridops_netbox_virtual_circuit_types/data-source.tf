data "hybridops_netbox_virtual_circuit_types" "matching" {
  filters = { tag = ["production"] }
}
