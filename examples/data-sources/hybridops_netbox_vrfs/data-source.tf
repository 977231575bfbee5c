data "hybridops_netbox_vrfs" "matching" {
  filters = { tag = ["production"] }
}
