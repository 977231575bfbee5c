data "hybridops_netbox_ike_policies" "matching" {
  filters = { tag = ["production"] }
}
