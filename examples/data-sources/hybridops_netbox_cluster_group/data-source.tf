data "hybridops_netbox_cluster_group" "example" {
  slug = "amsterdam"
}
