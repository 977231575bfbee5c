list "hybridops_netbox_virtual_circuit_type" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
