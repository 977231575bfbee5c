import {
  to = hybridops_netbox_rack_type.example
  id = "5"
}
