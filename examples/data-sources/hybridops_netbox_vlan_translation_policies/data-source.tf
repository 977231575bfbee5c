data "hybridops_netbox_vlan_translation_policies" "matching" {
  filters = { tag = ["production"] }
}
