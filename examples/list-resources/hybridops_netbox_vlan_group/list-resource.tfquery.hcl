list "hybridops_netbox_vlan_group" "matching" {
  provider = hybridops
  config {
    filters = { site = ["amsterdam"] }
  }
}
