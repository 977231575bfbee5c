import {
  to = hybridops_netbox_rear_port.example
  id = "5"
}
