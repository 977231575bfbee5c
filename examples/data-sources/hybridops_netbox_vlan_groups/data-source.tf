data "hybridops_netbox_vlan_groups" "matching" {
  filters = { site = ["amsterdam"] }
}
