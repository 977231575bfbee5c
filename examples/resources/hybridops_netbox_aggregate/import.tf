import {
  to = hybridops_netbox_aggregate.example
  id = "5"
}
