list "hybridops_netbox_virtual_machine_type" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
