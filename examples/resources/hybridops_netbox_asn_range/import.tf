import {
  to = hybridops_netbox_asn_range.example
  id = "5"
}
