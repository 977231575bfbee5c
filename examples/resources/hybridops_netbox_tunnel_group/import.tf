import {
  to = hybridops_netbox_tunnel_group.example
  id = "5"
}
