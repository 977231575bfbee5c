import {
  to = hybridops_netbox_region.example
  id = "5"
}
