import {
  to = hybridops_netbox_ipsec_profile.example
  id = "5"
}
