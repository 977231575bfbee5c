resource "hybridops_netbox_vlan_translation_policy" "example" {
  name = "Amsterdam VLAN translation policy"
}

resource "hybridops_netbox_vlan_translation_rule" "example" {
  local_vid  = 10
  policy     = hybridops_netbox_vlan_translation_policy.example.id
  remote_vid = 10
}
