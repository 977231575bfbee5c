import {
  to = hybridops_netbox_asn.example
  id = "5"
}
