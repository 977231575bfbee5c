import {
  to = hybridops_netbox_cable.example
  id = "5"
}
