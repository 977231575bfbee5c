data "hybridops_netbox_circuit_groups" "matching" {
  filters = { tag = ["production"] }
}
