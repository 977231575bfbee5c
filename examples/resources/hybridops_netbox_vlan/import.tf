import {
  to = hybridops_netbox_vlan.example
  id = "5"
}
