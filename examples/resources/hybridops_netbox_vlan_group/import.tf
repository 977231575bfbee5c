import {
  to = hybridops_netbox_vlan_group.example
  id = "5"
}
