data "hybridops_netbox_object_permissions" "matching" {
  filters = { q = ["amsterdam"] }
}
