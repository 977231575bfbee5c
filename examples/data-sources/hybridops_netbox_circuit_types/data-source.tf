data "hybridops_netbox_circuit_types" "matching" {
  filters = { tag = ["production"] }
}
