import {
  to = hybridops_netbox_rear_port_template.example
  id = "5"
}
