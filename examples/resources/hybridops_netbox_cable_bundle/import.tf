import {
  to = hybridops_netbox_cable_bundle.example
  id = "5"
}
