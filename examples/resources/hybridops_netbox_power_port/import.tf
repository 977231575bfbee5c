import {
  to = hybridops_netbox_power_port.example
  id = "5"
}
