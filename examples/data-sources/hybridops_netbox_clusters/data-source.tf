data "hybridops_netbox_clusters" "matching" {
  filters = { site = ["amsterdam"], status = ["active"] }
}
