data "hybridops_netbox_tokens" "matching" {
  filters = { q = ["amsterdam"] }
}
