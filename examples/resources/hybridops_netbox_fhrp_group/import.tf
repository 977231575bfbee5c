import {
  to = hybridops_netbox_fhrp_group.example
  id = "5"
}
