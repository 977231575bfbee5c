import {
  to = hybridops_netbox_route_target.example
  id = "5"
}
