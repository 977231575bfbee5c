resource "hybridops_netbox_vlan_translation_policy" "example" {
  name = "Amsterdam VLAN translation policy"
}
