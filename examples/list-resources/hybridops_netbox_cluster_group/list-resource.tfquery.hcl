list "hybridops_netbox_cluster_group" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
