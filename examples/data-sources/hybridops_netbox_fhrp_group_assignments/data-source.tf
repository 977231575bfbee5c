data "hybridops_netbox_fhrp_group_assignments" "matching" {
  filters = { q = ["amsterdam"] }
}
