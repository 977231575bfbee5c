data "hybridops_netbox_users" "matching" {
  filters = { q = ["amsterdam"] }
}
