data "hybridops_netbox_cluster_type" "example" {
  slug = "amsterdam"
}
