data "hybridops_netbox_virtual_disks" "matching" {
  filters = { tag = ["production"] }
}
