import {
  to = hybridops_netbox_ike_policy.example
  id = "5"
}
