import {
  to = hybridops_netbox_location.example
  id = "5"
}
