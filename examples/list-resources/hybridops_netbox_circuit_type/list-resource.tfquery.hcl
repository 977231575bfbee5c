list "hybridops_netbox_circuit_type" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
