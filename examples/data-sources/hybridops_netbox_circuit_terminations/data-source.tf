data "hybridops_netbox_circuit_terminations" "matching" {
  filters = { site = ["amsterdam"] }
}
