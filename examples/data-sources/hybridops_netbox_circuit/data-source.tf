data "hybridops_netbox_circuit" "example" {
  cid = "NL-12345"
}
