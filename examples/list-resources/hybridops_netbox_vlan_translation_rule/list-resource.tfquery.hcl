list "hybridops_netbox_vlan_translation_rule" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
