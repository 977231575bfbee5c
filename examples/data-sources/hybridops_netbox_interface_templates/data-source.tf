data "hybridops_netbox_interface_templates" "matching" {
  filters = { q = ["amsterdam"] }
}
