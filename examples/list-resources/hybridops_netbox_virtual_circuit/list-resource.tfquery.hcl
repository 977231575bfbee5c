list "hybridops_netbox_virtual_circuit" "matching" {
  provider = hybridops
  config {
    filters = { status = ["active"] }
  }
}
