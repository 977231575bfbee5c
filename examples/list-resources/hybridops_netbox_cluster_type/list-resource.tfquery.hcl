list "hybridops_netbox_cluster_type" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
