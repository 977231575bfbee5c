data "hybridops_netbox_cluster" "example" {
  name = "ams1-pve"
}
