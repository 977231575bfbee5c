data "hybridops_netbox_virtual_machine_types" "matching" {
  filters = { tag = ["production"] }
}
