import {
  to = hybridops_netbox_interface.example
  id = "5"
}
