data "hybridops_netbox_vm_interfaces" "matching" {
  filters = { tag = ["production"] }
}
