import {
  to = hybridops_netbox_power_port_template.example
  id = "5"
}
