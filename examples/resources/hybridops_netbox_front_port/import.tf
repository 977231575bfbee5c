import {
  to = hybridops_netbox_front_port.example
  id = "5"
}
