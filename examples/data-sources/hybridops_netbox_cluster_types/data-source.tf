data "hybridops_netbox_cluster_types" "matching" {
  filters = { tag = ["production"] }
}
