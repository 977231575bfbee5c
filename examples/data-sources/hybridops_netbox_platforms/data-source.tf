data "hybridops_netbox_platforms" "matching" {
  filters = { tag = ["production"] }
}
