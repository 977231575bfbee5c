resource "hybridops_netbox_cluster_group" "example" {
  name = "Amsterdam cluster group"
}
