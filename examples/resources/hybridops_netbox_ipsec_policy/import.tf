import {
  to = hybridops_netbox_ipsec_policy.example
  id = "5"
}
