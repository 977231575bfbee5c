import {
  to = hybridops_netbox_virtual_chassis.example
  id = "5"
}
