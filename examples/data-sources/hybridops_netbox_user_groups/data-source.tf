data "hybridops_netbox_user_groups" "matching" {
  filters = { q = ["amsterdam"] }
}
