data "hybridops_netbox_vlan_translation_rules" "matching" {
  filters = { tag = ["production"] }
}
