import {
  to = hybridops_netbox_vlan_translation_policy.example
  id = "5"
}
