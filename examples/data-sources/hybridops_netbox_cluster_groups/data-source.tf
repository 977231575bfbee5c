data "hybridops_netbox_cluster_groups" "matching" {
  filters = { tag = ["production"] }
}
