list "hybridops_netbox_vlan_translation_policy" "matching" {
  provider = hybridops
  config {
    filters = { tag = ["production"] }
  }
}
