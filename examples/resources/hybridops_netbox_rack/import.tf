import {
  to = hybridops_netbox_rack.example
  id = "5"
}
