import {
  to = hybridops_netbox_power_outlet.example
  id = "5"
}
