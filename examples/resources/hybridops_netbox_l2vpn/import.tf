import {
  to = hybridops_netbox_l2vpn.example
  id = "5"
}
