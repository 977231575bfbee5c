data "hybridops_netbox_circuit_group_assignments" "matching" {
  filters = { tag = ["production"] }
}
