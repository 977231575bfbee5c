list "hybridops_netbox_virtual_disk" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
