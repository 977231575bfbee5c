import {
  to = hybridops_netbox_vlan_translation_rule.example
  id = "5"
}
