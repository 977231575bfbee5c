import {
  to = hybridops_netbox_l2vpn_termination.example
  id = "5"
}
