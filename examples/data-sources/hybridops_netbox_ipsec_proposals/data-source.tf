data "hybridops_netbox_ipsec_proposals" "matching" {
  filters = { tag = ["production"] }
}
