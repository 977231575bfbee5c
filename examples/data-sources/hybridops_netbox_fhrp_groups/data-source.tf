data "hybridops_netbox_fhrp_groups" "matching" {
  filters = { tag = ["production"] }
}
