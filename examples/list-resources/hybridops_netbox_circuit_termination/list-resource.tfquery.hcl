list "hybridops_netbox_circuit_termination" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
