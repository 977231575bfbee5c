data "hybridops_netbox_vlan_group" "example" {
  slug = "amsterdam"
}
