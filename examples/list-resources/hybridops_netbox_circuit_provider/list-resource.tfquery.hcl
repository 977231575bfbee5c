list "hybridops_netbox_circuit_provider" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
