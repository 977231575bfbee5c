import {
  to = hybridops_netbox_front_port_template.example
  id = "5"
}
