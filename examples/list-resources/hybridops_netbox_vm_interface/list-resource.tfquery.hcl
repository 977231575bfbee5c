list "hybridops_netbox_vm_interface" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
