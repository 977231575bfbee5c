list "hybridops_netbox_circuit_group" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
