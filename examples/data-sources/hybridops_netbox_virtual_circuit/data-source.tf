data "hybridops_netbox_virtual_circuit" "example" {
  cid = "Amsterdam virtual circuit"
}
