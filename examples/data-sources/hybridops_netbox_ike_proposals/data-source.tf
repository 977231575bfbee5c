data "hybridops_netbox_ike_proposals" "matching" {
  filters = { tag = ["production"] }
}
