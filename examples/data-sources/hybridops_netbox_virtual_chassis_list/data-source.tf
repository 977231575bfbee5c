data "hybridops_netbox_virtual_chassis_list" "matching" {
  filters = { site = ["amsterdam"] }
}
