data "hybridops_netbox_ipsec_policies" "matching" {
  filters = { tag = ["production"] }
}
