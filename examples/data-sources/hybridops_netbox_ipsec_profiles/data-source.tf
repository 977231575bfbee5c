data "hybridops_netbox_ipsec_profiles" "matching" {
  filters = { tag = ["production"] }
}
