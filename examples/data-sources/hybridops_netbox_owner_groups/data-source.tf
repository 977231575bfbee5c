data "hybridops_netbox_owner_groups" "matching" {
  filters = { q = ["amsterdam"] }
}
