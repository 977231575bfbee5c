import {
  to = hybridops_netbox_ike_proposal.example
  id = "5"
}
