list "hybridops_netbox_virtual_circuit_termination" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
