import {
  to = hybridops_netbox_tunnel.example
  id = "5"
}
