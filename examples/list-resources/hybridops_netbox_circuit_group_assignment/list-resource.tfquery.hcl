list "hybridops_netbox_circuit_group_assignment" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
