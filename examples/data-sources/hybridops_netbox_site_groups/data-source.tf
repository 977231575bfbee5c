data "hybridops_netbox_site_groups" "matching" {
  filters = { tag = ["production"] }
}
