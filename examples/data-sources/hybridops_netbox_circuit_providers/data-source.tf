data "hybridops_netbox_circuit_providers" "matching" {
  filters = { site = ["amsterdam"] }
}
