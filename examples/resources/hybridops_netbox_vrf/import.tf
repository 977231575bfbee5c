import {
  to = hybridops_netbox_vrf.example
  id = "5"
}
