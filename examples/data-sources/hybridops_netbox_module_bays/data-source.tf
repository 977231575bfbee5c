data "hybridops_netbox_module_bays" "matching" {
  filters = { site = ["amsterdam"] }
}
