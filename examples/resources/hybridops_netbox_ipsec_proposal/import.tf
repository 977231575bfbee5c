import {
  to = hybridops_netbox_ipsec_proposal.example
  id = "5"
}
